"""`python -m wherefrom`."""

from wherefrom.cli import main

raise SystemExit(main())
