-- A database and a user for each who has one; run once, when the volume is empty. Nobody can connect to another's.
\set ON_ERROR_STOP on
\getenv gatehouse_password GATEHOUSE_DATABASE_PASSWORD
\getenv responses_password RESPONSES_DATABASE_PASSWORD
\getenv keycloak_password KEYCLOAK_DATABASE_PASSWORD
\getenv kong_password KONG_DATABASE_PASSWORD

CREATE ROLE gatehouse LOGIN PASSWORD :'gatehouse_password';
CREATE ROLE responses LOGIN PASSWORD :'responses_password';
CREATE ROLE keycloak LOGIN PASSWORD :'keycloak_password';
CREATE ROLE kong LOGIN PASSWORD :'kong_password';

CREATE DATABASE gatehouse OWNER gatehouse;
CREATE DATABASE responses OWNER responses;
CREATE DATABASE keycloak OWNER keycloak;
CREATE DATABASE kong OWNER kong;

REVOKE CONNECT ON DATABASE gatehouse, responses, keycloak, kong FROM PUBLIC;
