DROP FUNCTION platform.set_updated_at();
