import { createInterface } from 'node:readline';
import type { ClientCommand } from '../inference/client-command.ts';
import { httpFetch } from '../inference/http-fetch.ts';
import { loads, type Load } from '../inference/models.ts';
import { waysTo, type Ports } from '../inference/ways.ts';
import { medianCallMicros } from '../harness/statistics.ts';

/**
 * A client of the inference servers in a process of its own: its argument says where they are. Each line that it reads is a command, and it
 * answers each with a line of JSON.
 */
const ports = JSON.parse(process.argv[2] ?? '') as Ports;
const ways = waysTo(ports);
const all = new Map(loads().map((load) => [load.model, load]));

function loadOf(model: string): Load {
  const load = all.get(model);
  if (load === undefined) throw new Error(`There is no model ${model}.`);
  return load;
}

let pressing: { isOver: boolean; readonly ended: Promise<unknown> } | undefined;

async function perform(command: ClientCommand): Promise<unknown> {
  switch (command.do) {
    case 'median': {
      const load = loadOf(command.model);
      return medianCallMicros(command.calls, () => ways[command.way](load));
    }
    case 'rate': {
      const load = loadOf(command.model);
      let left = command.calls;
      const start = performance.now();
      const lane = async (): Promise<void> => {
        while (left-- > 0) await ways[command.way](load);
      };
      await Promise.all(Array.from({ length: command.width }, lane));
      return (command.calls / (performance.now() - start)) * 1000;
    }
    case 'press': {
      const load = loadOf(command.model);
      const state = { isOver: false, ended: Promise.resolve() as Promise<unknown> };
      const lane = async (): Promise<void> => {
        while (!state.isOver) await ways[command.way](load);
      };
      state.ended = Promise.all(Array.from({ length: command.width }, lane));
      pressing = state;
      return 0;
    }
    case 'health': {
      const each: number[] = [];
      for (let call = 0; call < command.calls; call++) {
        const start = performance.now();
        const { status } = await httpFetch(`http://127.0.0.1:${ports.http}/v2/health/live`, { method: 'GET' });
        if (status !== 200) throw new Error(`The question for health is answered with ${status}.`);
        each.push(performance.now() - start);
      }
      return each;
    }
    case 'reload': {
      const change = async (what: string): Promise<void> => {
        const url = `http://127.0.0.1:${ports.http}/v2/repository/models/${command.model}/${what}`;
        const response = await httpFetch(url, { method: 'POST', body: new TextEncoder().encode('{}') });
        if (response.status !== 200) throw new Error(`${what} is answered with ${response.status}.`);
      };
      for (let time = 0; time < command.times; time++) {
        await change('unload');
        await change('load');
      }
      return 0;
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (pressing !== undefined) {
    pressing.isOver = true;
    await pressing.ended;
    pressing = undefined;
  }
  // The benchmark writes it.
  const answer = await perform(JSON.parse(line) as ClientCommand);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
