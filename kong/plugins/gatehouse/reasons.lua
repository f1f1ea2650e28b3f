--- Why a credential is not believed, and what the caller does about it. The same words as in
-- libs/principal/src/principal.problems.ts and apps/auth-api/src/api-keys/api-keys.problems.ts. The text is also
-- `error_description`, so it is ASCII without quotes and backslashes (RFC 6750 §3).
local NEW_TOKEN = "Get a new one from POST /auth/refresh-token or POST /auth/login."
local OUR_TOKENS = "Send the access token that POST /auth/login or POST /auth/guest-login returned."

local missing = "No credential was sent. Send an access token as Authorization: Bearer, or an API key as X-API-Key."
local disabled = "The account is disabled. Ask an administrator."
local deleted = "The account no longer exists."

return {
  jwt = {
    missing = missing,
    malformed = "The Authorization header is not one bearer token of at most 8 kB. " .. OUR_TOKENS,
    expired = "The token has expired. " .. NEW_TOKEN,
    ["not-yet-valid"] = "The token is not valid yet. Check the clock of the machine that issued it.",
    ["bad-signature"] = "The signature of the token is wrong. " .. OUR_TOKENS,
    ["unknown-kid"] = "The token is signed by a key that the realm does not have. " .. NEW_TOKEN,
    ["wrong-algorithm"] = "The token is not signed with RS256, as access tokens are. " .. OUR_TOKENS,
    ["wrong-issuer"] = "The token is from another issuer. " .. OUR_TOKENS,
    ["wrong-audience"] = "The token is meant for another service. " .. OUR_TOKENS,
    ["wrong-party"] = "The token was issued to a client that is not accepted here. " .. OUR_TOKENS,
    ["wrong-type"] = "This is not an access token but, for example, an ID token or a refresh token. " .. OUR_TOKENS,
    ["missing-claim"] = "The token lacks a claim that access tokens have. " .. OUR_TOKENS,
    ["lifetime-too-long"] = "The token lives longer than an hour. " .. OUR_TOKENS,
    ["user-disabled"] = disabled,
    ["user-deleted"] = deleted,
  },
  apikey = {
    missing = missing,
    malformed = "This is not an API key of this system.",
    ["bad-checksum"] = "This API key has a typing error, or was made up: its checksum is wrong.",
    ["two-keys"] = "Two different API keys were sent. Send one.",
    ["unknown-key"] = "There is no such API key.",
    revoked = "This API key was revoked.",
    expired = "This API key has expired. Create a new one.",
    ["user-disabled"] = disabled,
    ["user-deleted"] = deleted,
  },
}
