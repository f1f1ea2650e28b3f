/** An id at the root: what the gateway leaves of /apis/media/<id>. */
const ID_AT_ROOT = /^\/[0-9a-f]{8}-[0-9a-f-]{27}(?:\/metadata)?(?:\?|$)/i;
const ROOT = /^\/(?=\?|$)/;

/** Subscribers come by /apis/media/, which the gateway takes away, everyone else by /media, which it leaves. */
export function unstripped(url: string): string {
  return ID_AT_ROOT.test(url) ? `/media${url}` : url.replace(ROOT, '/media');
}
