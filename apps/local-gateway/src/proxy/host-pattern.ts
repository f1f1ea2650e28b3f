/** `*.example.com`, `example.*`, `example.com:8000`: whether a request's host and port are meant. */
export function hostPattern(pattern: string): (host: string, port: number) => boolean {
  const [, name = pattern, port] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
  const fits = (host: string) => {
    if (name.startsWith('*')) return host.endsWith(name.slice(1));
    if (name.endsWith('*')) return host.startsWith(name.slice(0, -1));
    return host === name;
  };
  return (host, at) => fits(host) && (port === undefined || Number(port) === at);
}
