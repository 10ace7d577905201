DROP TABLE ui_testing.visual_comparisons;
DROP TABLE ui_testing.screenshots;
