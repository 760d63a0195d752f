/** A request as a handler sees it, but for its body (CCF, src/js/extensions/ccf/request.cpp). */
export interface ScriptRequest {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands after the question mark, as it came. */
  readonly query: string;
  readonly path: string;
  readonly method: string;
  readonly hostname: string | null;
  /** The path of the endpoint, with its parameters in braces. */
  readonly route: string;
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  /** In each part that COSE authenticated, `cose` is empty: its content is bytes, and travels beside. */
  readonly caller: Readonly<Record<string, unknown>> | null;
}
