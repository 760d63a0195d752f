import type { CType, FunctionModel, OcallModel, ParameterModel } from '@enclos/edl-compiler';
import { type Abi, callLayout, type CallLayout } from '../layout/calls.ts';
import type { ValueForm } from '../forms/form.ts';
import { type Forms, namesIn } from '../forms/forms.ts';
import { type BufferPlan, planBuffer } from './buffer-plan.ts';
import type { MeasureScope } from './extent-plan.ts';

/** How the values of one function are encoded and decoded. */
export interface CallPlan {
  readonly name: string;
  readonly layout: CallLayout;
  readonly returned?: { readonly offset: number; readonly form: ValueForm };
  readonly parameters: readonly ParameterPlan[];
}

export type ParameterPlan = ValuePlan | StringPlan | BufferParameterPlan;

interface PlanBase {
  readonly name: string;
  /** `function.parameter` */
  readonly path: string;
  /** Where its field stands in the structure of the call. */
  readonly offset: number;
}

export interface ValuePlan extends PlanBase {
  readonly kind: 'value';
  readonly form: ValueForm;
  /** Whether it may be left out, as the size or count of a buffer. */
  readonly isMeasure: boolean;
}

export interface StringPlan extends PlanBase {
  readonly kind: 'string';
  readonly direction: 'in' | 'inout';
  readonly isWide: boolean;
  /** Offset of the field with its length, where the structure has one. */
  readonly length?: number;
}

export interface BufferParameterPlan extends PlanBase {
  readonly kind: 'buffer';
  readonly direction: 'in' | 'out' | 'inout';
  readonly buffer: BufferPlan;
}

/**
 * @returns undefined for a function of Intel's SDK without values
 * @throws EDL_LAYOUT_UNKNOWN, EDL_LAYOUT_TOO_LARGE
 */
export function planCall(call: FunctionModel | OcallModel, forms: Forms, abi: Abi): CallPlan | undefined {
  const layout = callLayout(forms.sizes, call, abi);
  if (layout === undefined) return undefined;
  const scope: MeasureScope = (name) => {
    const index = call.parameters.findIndex((parameter) => parameter.name === name);
    const [parameter, field] = [call.parameters[index], layout.parameters[index]?.field];
    return parameter === undefined || field === undefined ? undefined : { offset: field.offset, type: parameter.type };
  };
  const planner = { call, layout, scope, measures: measuresOf(call), forms, abi };
  const parameters = call.parameters.map((parameter, i) => planParameter(parameter, i, planner));
  if (layout.returned === undefined) return { name: call.name, layout, parameters };
  const form = forms.valueForm(call.returns, `${call.name}.return`);
  return { name: call.name, layout, returned: { offset: layout.returned.offset, form }, parameters };
}

interface Planner {
  readonly call: FunctionModel;
  readonly layout: CallLayout;
  readonly scope: MeasureScope;
  readonly measures: ReadonlySet<string>;
  readonly forms: Forms;
  readonly abi: Abi;
}

function planParameter({ name, type, passing }: ParameterModel, index: number, planner: Planner): ParameterPlan {
  const { call, layout, forms, scope, abi } = planner;
  const path = `${call.name}.${name}`;
  const base = { name, path, offset: layout.parameters[index]?.field.offset ?? 0 };
  switch (passing.kind) {
    case 'value':
      return { ...base, kind: 'value', form: forms.valueForm(type, path), isMeasure: planner.measures.has(name) };
    case 'unchecked':
      return { ...base, kind: 'value', form: forms.addressForm(path), isMeasure: false };
    case 'string': {
      const length = layout.parameters[index]?.length?.offset;
      const { direction, isWide } = passing;
      return { ...base, kind: 'string', direction, isWide, ...(length === undefined ? {} : { length }) };
    }
    case 'buffer': {
      const { direction, element, extent } = passing;
      // A deep copy that is `out` alone: Intel's compiler refuses it, so nothing follows it there.
      const follows = abi === 'oe' || direction !== 'out';
      const parts = { name, type: declared(type, element), element, extent, permission: path, scope, follows };
      return { ...base, kind: 'buffer', direction, buffer: planBuffer(parts, forms, abi) };
    }
  }
}

/** An array whose dimensions the extent holds stays an array, whatever its element is. */
function declared(type: CType, element: CType): CType {
  return type.kind === 'array' ? { kind: 'array', of: element, length: 1 } : type;
}

/** Parameters that are the size or count of buffers. */
function measuresOf({ parameters }: FunctionModel): Set<string> {
  return new Set(parameters.flatMap(({ passing }) => (passing.kind === 'buffer' ? namesIn(passing.extent) : [])));
}
