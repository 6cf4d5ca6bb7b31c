"""Field of view from EXIF."""

import io
import math

import pytest
from PIL import ExifTags, Image

from spatial_dual.datasets.exif import camera_fields, focal_pixels
from spatial_dual.datasets.images import Crop

CROP = Crop(300, 400, 64)


def photo(**fields):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base[name].value: value for name, value in fields.items()}
    )
    content = io.BytesIO()
    Image.new("RGB", (400, 300)).save(content, "JPEG", exif=exif)
    return Image.open(io.BytesIO(content.getvalue()))


def test_35_mm_equivalent():
    # a 36 × 27 mm picture would be seen by a 50 mm lens at 2 atan(18 / 50) across, scaled to the
    # film's own diagonal
    focal = focal_pixels(photo(FocalLengthIn35mmFilm=50), CROP)
    assert focal == pytest.approx(50 / math.hypot(36, 24) * 500)
    fields = camera_fields(photo(FocalLengthIn35mmFilm=50), CROP, 55.0)
    assert fields["source"] == "exif"
    assert fields["fov_deg"] == pytest.approx(math.degrees(2 * math.atan(150 / focal)))


def test_sensor_resolution():
    # 4000 pixels at 5000 an inch are 20.32 mm across; the file was made smaller afterwards
    picture = photo(
        FocalLength=25.4,
        FocalPlaneXResolution=5000.0,
        ExifImageWidth=4000,
        FocalPlaneResolutionUnit=2,
    )
    assert focal_pixels(picture, CROP) == pytest.approx(25.4 / 20.32 * 400)


@pytest.mark.parametrize("fields", [{}, {"FocalLengthIn35mmFilm": 0}, {"FocalLength": 4.2}])
def test_without_figures_the_field_of_view_is_assumed(fields):
    assert focal_pixels(photo(**fields), CROP) is None
    assert camera_fields(photo(**fields), CROP, 48.0) == {
        "fov_deg": 48.0,
        "pitch_deg": None,
        "height_m": None,
        "source": "assumed",
    }


def test_a_field_of_view_that_no_camera_has_is_assumed():
    fields = camera_fields(photo(FocalLengthIn35mmFilm=60_000), CROP, 48.0)
    assert (fields["fov_deg"], fields["source"]) == (48.0, "assumed")


def test_size_at_which_a_jpeg_is_decoded_does_not_matter():
    picture = photo(FocalLengthIn35mmFilm=28)
    before = focal_pixels(picture, CROP)
    picture.draft("RGB", (100, 75))
    assert picture.size != (400, 300)
    assert focal_pixels(picture, CROP) == before
