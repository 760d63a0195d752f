/**
 * The joint between the host side of a request and the prelude inside the interpreter.
 *
 * The prelude registers one entry point, {@link HANDLE}. The host calls it with four values: the absolute name of the module
 * (`/app.js`), the name of the exported function, the request as JSON ({@link HandlerRequest}) and the body as bytes. The prelude
 * makes `request`, calls the function, converts what it returns within the limits of the call, and reports through exactly one of
 * the host functions of {@link HandlerReports}. What `handle` itself returns is ignored.
 */
export const HANDLE = 'handle';

/** What `request` of a handler is made of (CCF, src/js/extensions/ccf/request.cpp). `body` arrives beside it. */
export interface HandlerRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As it was sent, without its `?`. */
  readonly query: string;
  readonly url: string;
  /** The template, with the prefix `/app`. */
  readonly route: string;
  /** The header `host`, or null. */
  readonly hostname: string | null;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller | null;
}

/** A caller as a handler sees it. Members beside `policy` depend on the policy. */
export interface Caller {
  readonly policy: string | readonly string[];
  readonly id?: string;
  readonly data?: unknown;
  /** PEM. */
  readonly cert?: string;
  readonly jwt?: { readonly keyIssuer: string; readonly header: unknown; readonly payload: unknown };
  /**
   * Where the signed content lies in the body, as `[first, end]`: bytes do not travel in JSON. The prelude makes it an ArrayBuffer.
   */
  readonly cose?: { readonly content: readonly [first: number, end: number] };
  /** For `all_of`: each identity by the name of its policy. */
  readonly [policy: string]: unknown;
}

/** The host functions by which the prelude reports how a handler ended. */
export interface HandlerReports {
  /**
   * @param headers JSON of an array of `[name, value]`, the content type first unless there is no body; names may repeat, the last one
   * counts.
   * @param body text, bytes, or undefined for none.
   */
  answer(status: number, headers: string, body: string | Uint8Array | undefined): void;
  /**
   * The handler returned something that is no answer.
   * @param what completes "Invalid endpoint function return value (…)."; for example `not an object`, `header value type`.
   * @param reason the exception behind it, empty if there was none.
   */
  wrongAnswer(what: string, reason: string, trace: string): void;
}
