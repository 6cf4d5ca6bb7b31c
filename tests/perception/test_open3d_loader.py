"""Open3D loads where the system has no libusb, and says what to install where it cannot."""

import importlib

import pytest

from spatial_dual.perception import open3d_loader


def test_open3d_fits_a_plane():
    o3d = open3d_loader.open3d()
    corners = [[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1], [0.5, 0, 0.3]]
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(corners))
    plane, inliers = cloud.segment_plane(0.01, 3, 20)
    assert abs(plane[1]) == pytest.approx(1)
    assert len(inliers) == 5


def test_missing_wheel_says_what_to_install(monkeypatch):
    real = importlib.import_module

    def without_libusb(name, *rest):
        if name == "libusb_package":
            raise ImportError("No module named 'libusb_package'")
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without_libusb)
    with pytest.raises(ImportError, match="pip install open3d libusb-package"):
        open3d_loader.open3d.__wrapped__()
