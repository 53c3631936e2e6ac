BEGIN;
DROP FUNCTION harbour.price_of(integer);
DROP VIEW harbour.v_untolled_berth;
DROP TABLE harbour.toll, harbour.tariff;
COMMIT;
