import { connect } from 'node:net';

/** The bare peer: sends back what arrives. */
const socket = connect(process.argv[2] ?? '');
socket.on('data', (chunk) => void socket.write(chunk));
socket.on('close', () => process.exit());
