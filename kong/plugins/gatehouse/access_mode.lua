--- The field that all three plugins have: who may pass on a route.
return {
  access = {
    type = "string",
    required = true,
    default = "principal",
    one_of = { "principal", "public", "consumer" },
  },
}
