DROP FUNCTION platform.uuidv7_timestamp(uuid);
DROP FUNCTION platform.uuidv7();
