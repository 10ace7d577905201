DROP TABLE platform.services;
DROP SCHEMA platform;
