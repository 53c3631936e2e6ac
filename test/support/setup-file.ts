import { cleanUp } from "./clean-up";

afterAll(cleanUp);
