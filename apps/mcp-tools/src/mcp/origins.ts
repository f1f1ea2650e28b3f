/**
 * Whether a web page of this origin may call; other programs send none.
 *
 * The transport of MCP asks for this check against DNS rebinding: a page makes its own name lead to this address and calls
 * a server that trusts whoever reaches it. This one trusts nobody without a credential, and a browser adds none of its own
 * accord, so the check is a second fence. `Host` says nothing here: behind the gateway it is what the gateway calls us by.
 */
export function mayCall(origin: string | undefined, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes('*') || allowed.includes(origin.toLowerCase());
}
