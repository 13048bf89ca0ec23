"""`python -m hfsft`."""

import sys

from hfsft.cli import main

sys.exit(main())
