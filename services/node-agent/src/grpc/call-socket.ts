import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';

export interface SocketCall {
  readonly socketPath: string;
  readonly service: ServiceDefinition;
  readonly method: string;
  readonly request: object;
  readonly timeoutMs: number;
  /** Default: that of gRPC, 4 MiB. */
  readonly maxAnswerBytes?: number;
}

/**
 * Asks the kubelet once, on its socket.
 * @returns the answer, in which the loader gives every field of the messages in `proto`
 * @throws the error of gRPC, with its status
 */
export async function callSocket(call: SocketCall): Promise<unknown> {
  const { socketPath, service, method, request, timeoutMs, maxAnswerBytes } = call;
  const definition = service[method];
  if (definition === undefined) throw new TypeError(`The API has no ${method}.`);
  const { path, requestSerialize, responseDeserialize } = definition;
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    // With new connections for each call: those that clients share wait longer and longer after each failure.
    'grpc.use_local_subchannel_pool': 1,
    ...(maxAnswerBytes === undefined ? {} : { 'grpc.max_receive_message_length': maxAnswerBytes }),
  });
  try {
    return await new Promise<unknown>((resolve, reject) => {
      const deadline = Date.now() + timeoutMs;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, value) =>
        error === null ? resolve(value) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}
