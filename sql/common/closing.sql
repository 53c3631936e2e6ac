-- The one line for people, with every reading of the last gates.
SELECT current_setting('one_roof.passed') AS passed;
