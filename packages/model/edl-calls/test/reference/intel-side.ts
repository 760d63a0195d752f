import type { MemberModel, ParameterModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import type { Fields } from './c-memory.ts';
import type { Values } from './random-values.ts';
import { type Follow, intType, isVoid, Side, type SideAnswer } from './side.ts';

/** An enclave of Intel's SDK: its bridges of ECALLs, and its proxies of OCALLs. */
export class IntelSide extends Side {
  override readonly prefix = 'ms_';

  override get fields(): Fields {
    const { returns } = this.call;
    return [
      ...(isVoid(returns) ? [] : [{ name: 'ms_retval', type: returns }]),
      ...('propagatesErrno' in this.call && this.call.propagatesErrno ? [{ name: 'ocall_errno', type: intType }] : []),
      ...this.parameterFields(!this.isOcall),
    ];
  }

  /** One level deep. */
  follow(element: { name: string }): Follow {
    return (member, struct) => {
      const place = this.memberPlace(element, member, struct);
      const address = this.memory.word(place);
      if (address === 0n || member.type.kind !== 'pointer') return null;
      const bytes = this.memberBytes({ kind: 'struct', name: element.name }, member, struct);
      const isOne = this.isOneMember(member);
      return this.readElements(address, member.type.to, { bytes, isOne });
    };
  }

  memberPlace({ name }: { name: string }, member: MemberModel, struct: bigint): bigint {
    return struct + BigInt(this.types.struct(this.types.composite(name).members).offsets.get(member.name) ?? 0);
  }

  isOneMember({ name, type, extent }: MemberModel): boolean {
    if (type.kind !== 'pointer' || extent === undefined) return false;
    const passing = { kind: 'buffer', direction: 'in', element: type.to, extent, isReadOnly: false } as const;
    return this.isOne({ name, type, passing });
  }

  /** The values that a trusted function sees. */
  arguments(ms: bigint): Values {
    return Object.fromEntries(
      this.call.parameters.flatMap((parameter): [string, EdlValue][] => {
        const { name, type, passing } = parameter;
        const place = this.field(ms, `ms_${name}`);
        if (passing.kind === 'value') return [[name, this.types.read(this.memory, place, type)]];
        const address = this.memory.word(place);
        if (address === 0n) return [[name, null]];
        if (passing.kind === 'string') {
          this.checkLength(ms, parameter, address);
          return [[name, this.text(address, passing.isWide)]];
        }
        if (passing.kind !== 'buffer' || passing.direction === 'out') return [];
        return [[name, this.readPassed(parameter, address, ms)]];
      }),
    );
  }

  readPassed(parameter: ParameterModel, address: bigint, ms: bigint): EdlValue {
    const { passing } = parameter;
    if (passing.kind !== 'buffer') return null;
    const { element } = passing;
    const bytes = this.bufferBytes(passing, ms);
    const follow = this.isDeep(parameter) && 'name' in element ? { follow: this.follow(element) } : {};
    return this.readElements(address, element, { bytes, isOne: this.isOne(parameter), ...follow });
  }

  /** The bridge refuses a string that is not as long as its length says. */
  checkLength(ms: bigint, { name, passing }: ParameterModel, address: bigint): void {
    if (passing.kind !== 'string') return;
    const said = this.memory.word(this.field(ms, `ms_${name}_len`));
    const actual = this.textBytes(this.text(address, passing.isWide), passing.isWide).length;
    if (said !== BigInt(actual)) throw new Error(`${name} has ${actual} bytes, not ${said}.`);
  }

  /** What a bridge writes when its function returned. */
  answer(ms: bigint, { returned, outputs }: SideAnswer): void {
    if (returned !== undefined) this.types.write(this.memory, this.field(ms, 'ms_retval'), this.call.returns, returned);
    for (const parameter of this.call.parameters) {
      const { name, passing } = parameter;
      if (!(name in outputs)) continue;
      const address = this.memory.word(this.field(ms, `ms_${name}`));
      if (passing.kind === 'string') {
        this.memory.bytes.set(this.textBytes(outputs[name] ?? null, passing.isWide), this.memory.at(address));
      } else if (passing.kind === 'buffer') this.writePassed(parameter, address, outputs[name] ?? null);
    }
  }

  writePassed(parameter: ParameterModel, address: bigint, value: EdlValue): void {
    const { passing } = parameter;
    if (passing.kind !== 'buffer') return;
    const { element } = passing;
    const isOne = this.isOne(parameter);
    this.writeElements(address, element, { value, isOne });
    if (!this.isDeep(parameter) || !('name' in element)) return;
    const size = BigInt(this.types.size(element));
    for (const [i, item] of this.elementsOf(value, isOne).entries()) {
      for (const member of this.types.composite(element.name).members) {
        const leads = (item as Values)[member.name];
        if (member.extent === undefined || member.type.kind !== 'pointer' || leads === null) continue;
        const target = this.memory.word(this.memberPlace(element, member, address + BigInt(i) * size));
        this.writeElements(target, member.type.to, { value: leads, isOne: this.isOneMember(member) });
      }
    }
  }

  /** What a proxy puts onto the untrusted stack, from an address on. @returns the address of `ms` */
  pass(values: Values, from: bigint): bigint {
    let top = from;
    const reserve = (bytes: number): bigint => {
      const at = top;
      top += BigInt(bytes);
      return at;
    };
    const ms = reserve(this.structBytes);
    for (const { name, type, passing } of this.call.parameters) {
      if (passing.kind === 'value') this.types.write(this.memory, this.field(ms, `ms_${name}`), type, values[name]);
    }
    for (const parameter of this.call.parameters) {
      const { name, passing } = parameter;
      const value = values[name] ?? null;
      const place = this.field(ms, `ms_${name}`);
      if (passing.kind === 'value' || value === null) continue;
      if (passing.kind === 'string') {
        const text = this.textBytes(value, passing.isWide);
        const at = reserve(text.length);
        this.memory.bytes.set(text, this.memory.at(at));
        this.memory.setWord(place, at);
      } else if (passing.kind === 'buffer') {
        const at = reserve(this.bufferBytes(passing, ms));
        this.memory.setWord(place, at);
        if (passing.direction !== 'out') this.passBuffer(parameter, at, { value, reserve });
      }
    }
    return ms;
  }

  passBuffer(
    parameter: ParameterModel,
    at: bigint,
    { value, reserve }: { value: EdlValue; reserve: (bytes: number) => bigint },
  ): void {
    const { passing } = parameter;
    if (passing.kind !== 'buffer') return;
    const { element } = passing;
    const isOne = this.isOne(parameter);
    this.writeElements(at, element, { value, isOne });
    if (!this.isDeep(parameter) || !('name' in element)) return;
    for (const [i, item] of this.elementsOf(value, isOne).entries()) {
      const struct = at + BigInt(i * this.types.size(element));
      for (const member of this.types.composite(element.name).members) {
        const leads = (item as Values)[member.name] ?? null;
        if (member.extent === undefined || member.type.kind !== 'pointer' || leads === null) continue;
        const target = reserve(this.memberBytes({ kind: 'struct', name: element.name }, member, struct));
        this.memory.setWord(this.memberPlace(element, member, struct), target);
        this.writeElements(target, member.type.to, { value: leads, isOne: this.isOneMember(member) });
      }
    }
  }

  /** What a proxy reads when the OCALL returned. */
  results(ms: bigint): SideAnswer {
    const outputs: Values = {};
    for (const parameter of this.call.parameters) {
      const { name, passing } = parameter;
      const address = passing.kind === 'value' ? 0n : this.memory.word(this.field(ms, `ms_${name}`));
      if (address === 0n || !('direction' in passing) || passing.direction === 'in') continue;
      outputs[name] =
        passing.kind === 'string' ? this.text(address, passing.isWide) : this.readPassed(parameter, address, ms);
    }
    return {
      ...(isVoid(this.call.returns)
        ? {}
        : { returned: this.types.read(this.memory, this.field(ms, 'ms_retval'), this.call.returns) }),
      ...('propagatesErrno' in this.call && this.call.propagatesErrno
        ? { errno: this.memory.view.getInt32(this.memory.at(this.field(ms, 'ocall_errno')), true) }
        : {}),
      outputs,
    };
  }
}
