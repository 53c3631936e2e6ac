-- What the second release changed is defined again as the first one did, word by word; what it made goes after.
BEGIN;
CREATE OR REPLACE VIEW harbour.v_untolled_berth AS
SELECT number FROM harbour.berth WHERE NOT EXISTS (SELECT FROM harbour.toll WHERE toll.berth = berth.number);

CREATE OR REPLACE FUNCTION harbour.price_of(berth integer) RETURNS numeric STABLE LANGUAGE sql AS $$
  SELECT price FROM harbour.toll JOIN harbour.tariff USING (class) WHERE toll.berth = price_of.berth $$;

DROP TABLE harbour.exemption;
COMMIT;
