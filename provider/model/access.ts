/** Who may do what in a database: the words in which it is declared, in which it was found, and in which they differ. */
import type { Roles } from "./rollout";

export type GrantedKind = "database" | "schema" | "table" | "sequences" | "function";

/** What one role may do with one object. */
export interface Grant {
  readonly role: string;
  /** `table` is any relation that is read like one; `sequences` are those behind the columns of the table `object`. */
  readonly kind: GrantedKind;
  /** Schema-qualified, functions with their arguments; nothing for the database, which is the one in hand. */
  readonly object: string;
  readonly privileges: readonly string[];
  /**
   * Who gives it: the access project unless it says otherwise. What the rollout gives is expected where the object is
   * there; what PostgreSQL gives by itself may be there or not.
   */
  readonly by?: "rollout" | "default";
}

export interface RoleAttributes {
  readonly name: string;
  readonly about: string;
  /** Of SUPERUSER CREATEROLE CREATEDB REPLICATION BYPASSRLS LOGIN INHERIT, those that it has. */
  readonly attributes: readonly string[];
  /** Settings with which its sessions begin. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly admin?: boolean;
}

/** An object that belongs to one of the roles. */
export interface Owned {
  readonly kind: "schema" | "table" | "function";
  readonly object: string;
  readonly owner: string;
  /** The rollout makes it: it may be there or not. */
  readonly by?: "rollout";
}

/** All that the roles of a rollout are and may do; beside it they may do nothing. */
export interface AccessDeclaration {
  readonly names: Roles;
  readonly roles: readonly RoleAttributes[];
  readonly memberships: readonly Membership[];
  readonly grants: readonly Grant[];
  readonly owned: readonly Owned[];
  /** The bodies of the functions that are owned, by their name with arguments. */
  readonly bodies: Readonly<Record<string, string>>;
  /** Tables in which people approve: no login of a rollout may write there. */
  readonly approvals: readonly string[];
  /** Roles beside superusers that administer ours: on PostgreSQL 16 or newer whoever has created them. */
  readonly administrators: readonly string[];
}

/** The declaration with the roles that a stack's configuration names as further readers. */
export type DeclareAccess = (readers: readonly string[]) => AccessDeclaration;

/** The approval that is in force. */
export interface ApprovalInForce {
  readonly release: string;
  readonly request: string;
  readonly approvedBy: string;
  readonly validUntil: string;
}

export interface FoundGrant {
  readonly role: string;
  readonly kind: string;
  readonly object: string;
  /** The table of a column, or the one behind whose column a sequence stands. */
  readonly of: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface FoundObject {
  readonly kind: string;
  readonly object: string;
  readonly of: string | null;
  readonly owner: string;
  /** It stands among the rollout's own, or belongs to one of its roles. */
  readonly ours: boolean;
  /** A function's body, and how it runs. */
  readonly body: string | null;
  readonly runs: string | null;
}

export interface FoundMembership {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  readonly inherit: boolean;
}

export interface FoundRole {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly settings: readonly string[];
  /** Until when its password is valid; null for ever. */
  readonly validUntil: string | null;
}

/** What the catalogs of one database say. */
export interface AccessFacts {
  readonly now: string;
  readonly grants: readonly FoundGrant[];
  readonly objects: readonly FoundObject[];
  readonly memberships: readonly FoundMembership[];
  readonly roles: readonly FoundRole[];
  readonly session: FoundSession;
}

/** What the login of the session in hand could do. */
export interface FoundSession {
  readonly login: string;
  readonly superuser: boolean;
  readonly createRole: boolean;
  readonly approver: boolean;
  /** Tables in the schemas of the rollout's roles that it may read now. */
  readonly reads: readonly string[];
  /** Tables of approvals that it may write, and tables of the application that belong to it. */
  readonly writes: readonly string[];
  readonly owns: readonly string[];
}

/** One difference between what is declared and what is. */
export interface AccessFinding {
  readonly problem: "undeclared" | "missing" | "changed" | "refused";
  readonly role: string;
  readonly privilege: string;
  /** With its kind: `table public.x`, `role y`; empty for what a role is. */
  readonly object: string;
}
