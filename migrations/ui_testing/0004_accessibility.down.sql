DROP TABLE ui_testing.accessibility_violations;
DROP FUNCTION ui_testing.count_violations();
DROP TABLE ui_testing.accessibility_reports;
