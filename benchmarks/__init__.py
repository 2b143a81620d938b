"""What vivace's speed is measured with. README.md beside this file says how; nothing here is part of the package."""
