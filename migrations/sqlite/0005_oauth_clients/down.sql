DROP TABLE IF EXISTS oauth_clients;
