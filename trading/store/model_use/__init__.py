"""What asking models leaves in the database besides the calls themselves."""
