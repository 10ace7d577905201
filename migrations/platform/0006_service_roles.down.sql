DROP VIEW platform.service_roles;
