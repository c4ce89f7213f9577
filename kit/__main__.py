"""`python -m kit` is the command `kit`, for places where no script is on the path."""

from kit.cli import main

main()
