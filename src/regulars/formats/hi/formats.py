"""Hindi: hours from 0 to 23, because no word before or after them says which half of the day is meant; large
numbers in lakhs and crores.
"""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "d-m-Y"
MONTH_DAY_FORMAT = "j F"
YEAR_MONTH_FORMAT = "F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATETIME_FORMAT = "d-m-Y H:i"
NUMBER_GROUPING = (3, 2, 0)
