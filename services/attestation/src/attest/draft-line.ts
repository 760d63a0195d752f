import { Turns } from '@enclos/bounded';
import { Refusal } from '@enclos/service/refusal';
import type { Tenant } from '../tenants/tenant.ts';

/** Drafts under way at once, of one tenant and of all. Each keeps a connection and the memory of its body while it waits. */
const most = Object.freeze({ ofTenant: 24, ofAll: 96 });

/** Where drafts wait for each other, those of all tenants, and how many may. */
export class DraftLine {
  readonly #turns = new Turns();
  readonly #ofTenant = new Map<Tenant, number>();
  #ofAll = 0;

  /**
   * Carries a draft out, from before its first turn until after its last.
   * @throws SERVICE_RATE_LIMITED when too many wait already; then nothing is carried out.
   */
  async admit<T>(tenant: Tenant, draft: () => Promise<T>): Promise<T> {
    const before = this.#ofTenant.get(tenant) ?? 0;
    if (before >= most.ofTenant || this.#ofAll >= most.ofAll) refuse();
    this.#count(tenant, 1);
    try {
      return await draft();
    } finally {
      this.#count(tenant, -1);
    }
  }

  /** Begins `work` when the turns that were taken before have ended, however they did. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  #count(tenant: Tenant, by: 1 | -1): void {
    this.#ofAll += by;
    const underWay = (this.#ofTenant.get(tenant) ?? 0) + by;
    if (underWay === 0) this.#ofTenant.delete(tenant);
    else this.#ofTenant.set(tenant, underWay);
  }
}

function refuse(): never {
  throw new Refusal('SERVICE_RATE_LIMITED', 'Too many draft policies wait already. Try again in 1 s.', {
    details: { retryAfterSeconds: 1 },
    explanation: { rule: 'drafts' },
  });
}
