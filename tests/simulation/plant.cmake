# cmake -DSOURCE=… -DOLD=… -DNEW=… -DTARGET=… -P plant.cmake: a copy of SOURCE in which OLD, which stands there once, is NEW. OLD and NEW are
# files.
file(READ ${SOURCE} text)
file(READ ${OLD} old)
file(READ ${NEW} new)
string(FIND "${text}" "${old}" first)
string(FIND "${text}" "${old}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
  message(FATAL_ERROR "the text to be changed stands not once in ${SOURCE}:\n${old}")
endif()
string(REPLACE "${old}" "${new}" text "${text}")
file(WRITE ${TARGET} "${text}")
