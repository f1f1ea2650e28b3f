--- The namespace of all our UUIDv5, written once; names in it are `<kind>:<realm>:<our id>`.
return "8f2c1d5e-6b3a-5c47-9e10-3d7a54b9c0e2"
