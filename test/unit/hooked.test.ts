import { RolloutError } from "../../provider/model/errors";
import { hooked } from "../../provider/resource/outcome";

test("what a hook refuses stands once: the SDK's own print of it is left out, and nothing else", async () => {
  const print = jest.spyOn(console, "error").mockReturnValue();
  try {
    const error = new RolloutError("Tier 1 refused:\n  - no");
    await expect(hooked(() => Promise.reject(error))).rejects.toBe(error);
    // As @pulumi/pulumi/cmd/dynamic-provider does it.
    console.error(`${String(error)}: ${error.stack ?? ""}`);
    console.error("a warning");
    expect(print.mock.calls).toEqual([["a warning"]]);
    const defect = new TypeError("undefined");
    await expect(hooked(() => Promise.reject(defect))).rejects.toBe(defect);
    console.error(`${String(defect)}: …`);
    expect(print.mock.calls).toHaveLength(2);
  } finally {
    print.mockRestore();
  }
});
