/*
 * A stack's state holds a text that loads `provider/entry.ts` from the folder in which Pulumi runs. That folder is this
 * one, the provider is not: one line leads to it, on every system, where a link would not survive every checkout.
 */
export * from "../../../provider/entry";
