import { describeStop } from "../../../provider/model/describe";
import type { TierState } from "../../../provider/model/tier-inputs";
import type { Plan } from "../../../provider/plan/plan";
import { catalogAndRows, differences, type Snapshot } from "../database/compare";
import { database, type TestDatabase } from "../database/database";
import { temporaryFolder } from "../folder";
import { APPLICATION, type Release } from "../pulumi/harbour";
import { program, UNHURRIED } from "../pulumi/program";
import { type Command, type Ended, run, type Setting } from "./engine";

/** A harbour on a database of its own, and the state of one stack, on which releases follow each other. */
export class Harbour {
  state: readonly TierState[] = [];
  private readonly evidence = temporaryFolder();

  private constructor(
    readonly db: TestDatabase,
    /** The whole database before the first command. */
    readonly untouched: Snapshot,
  ) {}

  static async build(): Promise<Harbour> {
    const db = await database("empty");
    await db.query(APPLICATION);
    return new Harbour(db, await catalogAndRows(db.url));
  }

  /** One command of a release, on what the commands before it have left. */
  async command(name: Command, release: Release, throughTier?: number, more = {}): Promise<Ended> {
    const ended = await run(name, this.state, this.setting(release, more), throughTier);
    this.state = ended.state;
    return ended;
  }

  /** The same, which must not be refused. */
  async done(name: Command, release: Release, throughTier?: number, more = {}): Promise<void> {
    const { refusal } = await this.command(name, release, throughTier, more);
    if (refusal) throw refusal;
  }

  /** The same, which must be refused with nothing changed; gives the refusal. */
  async refused(name: Command, release: Release): Promise<string> {
    const [before, held] = [await catalogAndRows(this.db.url), this.state];
    const { refusal } = await this.command(name, release);
    expect(differences(before, await catalogAndRows(this.db.url))).toEqual([]);
    expect(this.state).toEqual(held);
    return refusal?.message ?? "";
  }

  plan(release: Release, more = {}): Promise<Plan> {
    return program(this.setting(release, more)).plan();
  }

  async stops(release: Release, more = {}): Promise<string[]> {
    return (await this.plan(release, more)).run.stops.map(describeStop);
  }

  /** How every tier has drifted, each difference by its first line. */
  async drift(release: Release): Promise<string[][]> {
    const { tiers } = await this.plan(release);
    return tiers.map(({ drift }) => drift.map((text) => text.split("\n")[0] ?? ""));
  }

  /** The tiers that the state holds. */
  held(): number[] {
    return this.state.map(({ tier }) => tier);
  }

  /** What is not as it was before the first command. */
  async changes(since = this.untouched): Promise<string[]> {
    return differences(since, await catalogAndRows(this.db.url));
  }

  view(): Promise<string> {
    return this.db.value<string>("SELECT pg_get_viewdef('harbour.v_untolled_berth'::regclass)");
  }

  price(berth: number): Promise<string> {
    return this.db.value<string>(`SELECT harbour.price_of(${berth})::text`);
  }

  /** Where a release runs here, and with which configuration. */
  setting(release: Release, more = {}): Setting {
    const own: Record<string, string> =
      "exemptionDecree" in release.rollout.parameters ? { exemptionDecree: "1613/1" } : {};
    const values = { base: this.db.name, decree: "1612/4", evidence: this.evidence, holdBudget: UNHURRIED };
    return { url: this.db.url, values: { ...values, ...own, ...more }, ...release };
  }
}
