import type { HttpRequest, HttpResponse } from '@enclos/http';

/** The API as the server inside the enclave takes it (it is an `HttpHandler` there too). Never rejects. */
export type Api = (request: HttpRequest) => Promise<HttpResponse>;
