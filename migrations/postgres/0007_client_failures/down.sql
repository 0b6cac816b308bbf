DROP TABLE IF EXISTS client_failures;
