-- All readings of the harbour; NULL where the relation is not there yet.
SELECT reading,
       CASE WHEN need IS NULL OR to_regclass(need) IS NOT NULL
         THEN (xpath('/table/row/value/text()', query_to_xml(query, false, false, '')))[1]::text END AS value
FROM (VALUES
  ('base', NULL, $q$ SELECT current_database() AS value $q$),
  ('decree', 'harbour.decree',
    $q$ SELECT signed AS value FROM harbour.decree WHERE code = current_setting('harbour.decree', true) $q$),
  ('berths', 'harbour.berth', $q$ SELECT count(*) AS value FROM harbour.berth $q$),
  ('vessels', 'harbour.vessel', $q$ SELECT count(*) AS value FROM harbour.vessel $q$),
  ('tolls', 'harbour.toll', $q$ SELECT count(*) AS value FROM harbour.toll $q$),
  ('exemption_decree', 'harbour.decree',
    $q$ SELECT signed AS value FROM harbour.decree WHERE code = current_setting('harbour.exemption_decree', true) $q$),
  ('exempt', 'harbour.exemption', $q$ SELECT count(*) AS value FROM harbour.exemption $q$),
  ('untolled', 'harbour.v_untolled_berth', $q$ SELECT count(*) AS value FROM harbour.v_untolled_berth $q$)
) AS listed (reading, need, query);
