import { readFileSync } from 'node:fs';
import { attestedFetch } from '@enclos/atls/fetch';
import { failureText } from '@enclos/host/report';

const [url = 'https://localhost:8443', choice = 'tea'] = process.argv.slice(2);

// What this client accepts is in its own file, and never comes from the server.
const fetch = attestedFetch({ policy: readFileSync('policy.json', 'utf8') });
try {
  // Nothing goes out before the server has proven that it is the enclave of the policy.
  const vote = await fetch(`${url}/vote`, { method: 'POST', body: choice });
  console.log(`a vote for ${choice}: ${(await vote.text()).trim()}`);
  const result = await fetch(`${url}/result`);
  console.log(await result.text());
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 1;
} finally {
  await fetch.close();
}
