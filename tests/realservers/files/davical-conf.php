<?php
$c->pg_connect[] = 'host=127.0.0.1 port=@PGPORT@ dbname=davical user=davical_app';
$c->system_name = 'DAViCal';
$c->admin_email = 'admin@example.test';
$_SERVER['SERVER_NAME'] = '127.0.0.1';
$c->domain_name = '127.0.0.1';
$c->default_locale = 'en_US.UTF-8';
$c->enable_auto_schedule = true;
$c->iMIP = (object) ['send_email' => true];
