CREATE FUNCTION platform.set_updated_at() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION platform.set_updated_at() IS
    'BEFORE UPDATE trigger for tables with updated_at: sets it to the start of the transaction';
