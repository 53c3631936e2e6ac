/** Gives the run a name that its workers inherit; see `server.ts`. */
export default function setup(): void {
  process.env.ONE_ROOF_TEST_RUN = `${process.pid}`;
}
