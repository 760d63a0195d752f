/** A model as `GET /v1/models` lists it. */
export interface ListedModel {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly ownedBy: string;
}

/** The answer of `GET /v1/models`. */
export function modelsJson(models: readonly ListedModel[]): string {
  return JSON.stringify({ object: 'list', data: models.map(modelObject) });
}

/** The answer of `GET /v1/models/ID`. */
export function modelJson(model: ListedModel): string {
  return JSON.stringify(modelObject(model));
}

function modelObject({ id, created, ownedBy }: ListedModel): object {
  return { id, object: 'model', created, owned_by: ownedBy };
}
