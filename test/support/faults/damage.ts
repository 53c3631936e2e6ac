export * from "./faults";
