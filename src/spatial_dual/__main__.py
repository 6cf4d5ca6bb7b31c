"""``python -m spatial_dual`` is the ``spatial-dual`` command."""

from spatial_dual.commands import main

if __name__ == "__main__":
    main()
