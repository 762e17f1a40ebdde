# Runs of the open data of cities: Montréal's table without a word of
# configuration, read once and then only when it has changed; by pages, from
# its file and from the dump, always with the same listings; an export that
# shrinks; another city's portal by a mapping alone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $count = 300;
my $upstream = start_upstream('--events', $count);
my $node = start_cluster();
my $portal = $upstream->url('/ckan');

# Add a source on the fake portal; its configuration otherwise as given
sub add_portal
{
	my ($name, $connector, $config) = @_;
	my $json = JSON::PP->new->canonical->encode({ base_url => $portal, %{ $config // {} } });
	$node->safe_psql('postgres', "SELECT ingest_add_source('$name', '$connector', \$json\$$json\$json\$)");
	return $name;
}

# Run a source; a partial run warns, which is expected here
sub run_it
{
	my ($name) = @_;
	my ($job, $error) = run_source($node, $name);
	return $job // last_job($node, $name) // { status => "no job: $error" };
}

sub counters
{
	my ($job) = @_;
	return join ' ', map { $job->{$_} // '-' } qw(status nb_fetched nb_created nb_updated nb_errors nb_withdrawn);
}

# What requests were made since the last call: names of actions and files
sub requested
{
	my @paths = map { $_->{target} } $upstream->requests(path => '/ckan/', clear => 1);
	$upstream->control('requests', clear => 1);
	return join ' ', map { m{action/(\w+)} ? $1 : m{/(dump|download)/} ? $1 : $_ } @paths;
}

sub warnings_of
{
	my ($job) = @_;
	return join "\n", @{ $job->{warnings} // [] };
}

sub forget
{
	my ($name) = @_;
	$node->safe_psql('postgres', "UPDATE ingest.source_state SET cursor = cursor - 'of', http_cache = NULL WHERE source = '$name'");
	return;
}

my $upcoming;

# -----------------------------------------------------------------------------
# Montréal, with nothing but the address of the fake portal
# -----------------------------------------------------------------------------
{
	is($node->safe_psql('postgres', q{SELECT (ingest_add_source('m0', 'montreal')).config}), '{}',
		'montreal needs no configuration');
	$node->safe_psql('postgres', q{SELECT ingest_add_source('montreal2', 'montreal', '{}')});
	add_portal('montreal', 'montreal');

	my $job = run_it('montreal');
	is($job->{status}, 'success', 'the first run reads the table') or diag(explain($job));
	is($job->{nb_fetched}, $count, 'all of its rows');
	is($job->{nb_errors}, 0, 'none is refused');
	is(requested(), 'package_show datastore_search', 'by two requests');
	$upcoming = $job->{nb_created};
	cmp_ok($upcoming, '>', $count / 2, 'what is to come is listed');
	is($job->{nb_created} + ($job->{skip_reasons}{past} // 0), $count, 'the rest is past')
	  or diag(explain($job->{skip_reasons}));

	my ($shares) = query_json($node, q{
		SELECT count(*) FILTER (WHERE venue_name = 'nan' OR address = 'nan' OR description = 'nan') AS nan,
		       count(*) FILTER (WHERE attributes->>'borough' LIKE E'%\uFFFD%') AS lost,
		       count(*) FILTER (WHERE latitude IS NOT NULL) AS placed,
		       count(*) FILTER (WHERE latitude = 0) AS nowhere,
		       count(*) FILTER (WHERE source_id LIKE '%@%') AS sessions,
		       count(DISTINCT series_id) AS series,
		       count(*) FILTER (WHERE all_day AND start_precision <> 'day') AS odd
		  FROM ingest.listing WHERE source = 'montreal'});
	is($shares->{nan}, 0, 'nan is nowhere');
	is($shares->{lost}, 0, 'boroughs are whole again');
	is($shares->{nowhere}, 0, 'nothing lies at 0, 0');
	cmp_ok($shares->{placed}, '>', 50, 'most have coordinates');
	cmp_ok($shares->{sessions}, '>', 5, 'sessions that share a page are listings of their own');
	cmp_ok($shares->{series}, '>', 2, 'and belong together');
	is($shares->{odd}, 0, 'precision goes with all_day');

	# every hour that was read is the true one, and none that is plain is missed
	my %truth;
	push @{ $truth{"$_->{number} " . substr $_->{start}, 0, 10} }, $_
	  for @{ $upstream->control('truth', feed => 'montreal')->{events} };
	my ($hours, $wrong, $missed, $invented) = (0, 0, 0, 0);
	for my $row (query_json($node, q{
		SELECT regexp_replace(source_id, '@.*', '') AS number, all_day, title, description,
		       to_char(starts_at AT TIME ZONE timezone, 'YYYY-MM-DD') AS day,
		       to_char(starts_at AT TIME ZONE timezone, 'YYYY-MM-DD"T"HH24:MI:SS') AS start
		  FROM ingest.listing WHERE source = 'montreal'}))
	{
		my ($event, @others) = @{ $truth{"$row->{number} $row->{day}"} // [] };
		next if !$event || @others;
		if ($row->{all_day})
		{
			# a title that names a weekday, any weekday, is doubt enough
			next if !$event->{says_hour} || substr($event->{start}, 11, 2) < 7 || $row->{title} =~ /day\b|di\b/;
			diag("missed: $row->{title}: $row->{description}") if ++$missed;
			next;
		}
		$hours++;
		$wrong++ if $row->{start} ne $event->{start};
		$invented++ if !$event->{says_hour};
	}
	cmp_ok($hours, '>', 30, "the hour of $hours listings is in their descriptions");
	is($wrong, 0, 'none of them is wrong');
	is($invented, 0, 'none was read where there was doubt');
	is($missed, 0, 'none that is beyond doubt was missed');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE source = 'montreal'
		AND all_day = (coalesce(attributes->>'hour_from', '') = 'description')}), 0, 'and which were is told');
}

# -----------------------------------------------------------------------------
# Unchanged, changed
# -----------------------------------------------------------------------------
{
	my $job = run_it('montreal');
	is(counters($job), 'no_change 0 0 0 0 0', 'unchanged since: nothing to fetch');
	is(requested(), 'package_show', 'which one request tells');

	# a reload alone: new row numbers, another order
	$upstream->control('ckan', reloads => 1);
	$job = run_it('montreal');
	is(counters($job), "no_change $count 0 0 0 0", 'a reload of the same rows changes nothing');
	is(requested(), 'package_show datastore_search', 'though it must be looked at');

	my ($id) = map { $_->{id} } query_json($node, q{
		SELECT source_id AS id FROM ingest.listing WHERE source = 'montreal' AND source_id !~ '@' AND series_id IS NULL
		 ORDER BY starts_at DESC LIMIT 1});
	my $index = $id - 90000;
	$upstream->control('change', event => 1100000000000 + $index * 1009, field => 'title', value => 'Un tout autre titre');
	$job = run_it('montreal');
	is(counters($job), "success $count 0 1 0 0", 'a changed row is an updated listing, of the same id')
	  or diag(explain($job));
	is($node->safe_psql('postgres', "SELECT title FROM ingest.listing WHERE source = 'montreal' AND source_id = '$id'"),
		'Un tout autre titre', 'whose slug changed too');
	requested();

	# the configuration decides what the past is worth
	$node->safe_psql('postgres', q{UPDATE ingest.source SET config = config || '{"language": "fr-CA"}' WHERE name = 'montreal'});
	$job = run_it('montreal');
	is(requested(), 'package_show datastore_search', 'another configuration reads the table anew');
	is($job->{nb_updated}, $upcoming, 'and maps all of it anew');
	run_it('montreal');
	is(requested(), 'package_show', 'once');

	# a day later, or if the clock was set back
	for my $hours (25, -1)
	{
		$node->safe_psql('postgres', qq{UPDATE ingest.source_state SET cursor = jsonb_set(cursor, '{read_at}',
			to_jsonb((cursor->>'read_at')::int8 - $hours * 3600)) WHERE source = 'montreal'});
		run_it('montreal');
		is(requested(), 'package_show datastore_search', "read $hours hours ago: read anew, for the window has moved");
	}

	# what was just uploaded may not be loaded yet
	my $now = $node->safe_psql('postgres', q{SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')});
	$upstream->control('ckan', last_modified => $now);
	run_it('montreal') for 1 .. 2;
	is(requested(), 'package_show datastore_search package_show datastore_search',
		'a file of this hour is not trusted to be in the datastore');
	$upstream->control('ckan', last_modified => '');
}

# What is stored, to compare other ways of reading with
my $contents = sub {
	return $node->safe_psql('postgres', q{
		SELECT to_jsonb(l) - '{id,source,event_id,first_seen_at,updated_at,last_seen_job,raw,raw_hash}'::text[]
		  FROM ingest.listing AS l WHERE source = 'montreal' ORDER BY source_id});
};
my $expected = $contents->();

# -----------------------------------------------------------------------------
# Other ways to the same rows
# -----------------------------------------------------------------------------

# Read the table anew under some condition: the same listings come of it
sub same_another_way
{
	my ($name, $requests, %settings) = @_;

	forget('montreal');
	requested();
	$upstream->control('ckan', %settings);
	my $job = run_it('montreal');
	is(requested(), $requests, "$name: requests");
	is(join(' ', map { $job->{$_} } qw(nb_created nb_updated nb_errors nb_withdrawn)), '0 0 0 0', "$name: nothing new")
	  or diag(explain($job));
	same_lines($contents->(), $expected, "$name: the same listings");
	$upstream->control('ckan', map { $_ => '' } keys %settings);
	return $job;
}

{
	my $search = 'datastore_search';
	my $job = same_another_way('a portal that gives 100 rows at most',
		"package_show $search $search $search $search package_show", rows_max => 100);
	is($job->{status}, 'no_change', 'paging: complete');
	is($job->{nb_fetched}, $count, 'paging: each row once');
	is($job->{skip_reasons}{duplicate_in_feed}, undef, 'paging: none twice');

	$job = same_another_way('pages that shift by some rows',
		"package_show $search $search $search $search package_show", rows_max => 100, overlap => 7);
	cmp_ok($job->{skip_reasons}{duplicate_in_feed}, '>', 0, 'shifted pages: what comes twice is told');
	same_another_way('a table that is reloaded while it is paged',
		"package_show $search $search $search $search package_show $search $search $search $search package_show",
		rows_max => 100, reload_while_paging => 1);
	$job = same_another_way('a total that promises too little', "package_show $search", total => -50);
	is($job->{status}, 'no_change', 'too small a total is not believed');
	$job = same_another_way('a total that promises too much', "package_show $search $search package_show", total => 7);
	is($job->{status}, 'partial', 'rows that are promised and do not come: incomplete');
	$job = same_another_way('a portal that ignores offset', "package_show $search $search", rows_max => 100, ignore_offset => 1);
	is($job->{status}, 'partial', 'a page that comes again ends the walk');
	same_another_way('a column of the order is gone', "package_show $search $search", lost_column => 'date_fin');

	same_another_way('a table that is not in the datastore', 'package_show download', inactive => 1);
	same_another_way('a datastore that fails with a 200', "package_show $search download", search => 'false');
	$job = same_another_way('a datastore that refuses', "package_show $search download", search => '403');
	like(warnings_of($job), qr/403 Authorization Error .*; reading the file instead/, 'what went wrong is told');
	same_another_way('a file with a byte order mark', 'package_show download', inactive => 1, bom => 1);
	same_another_way('a portal without a description of its data', "package_show $search", no_metadata => 1);
	$job = same_another_way('a resource with a new id', "package_show $search", resource => 'a1b2c3d4-0000-4000-8000-000000000000');
	like(warnings_of($job), qr/no longer has resource 6decf611/, 'a new id is told');
}

# a datastore that is down, with retries
{
	$node->safe_psql('postgres', q{ALTER SYSTEM SET ingest.max_retries = 0});
	$node->safe_psql('postgres', q{SELECT pg_reload_conf()});
	my $search = 'datastore_search';
	same_another_way('a portal too slow for all rows at once', "package_show $search $search", slow_above => 1000);
	same_another_way('a datastore that is down', "package_show $search $search download", search => '502');
	same_another_way('neither datastore nor description', "package_show $search $search dump",
		search => '502', no_metadata => 1);

	forget('montreal');
	$upstream->control('ckan', search => '502', no_file => 1);
	my ($job, $error) = run_source($node, 'montreal');
	like($error, qr/the portal answered 404 to the request for the file of resource 6decf611/, 'no way left: the run fails');
	like($error, qr/Before that, the portal answered 502/, 'and says what was wrong first');
	$upstream->control('ckan', search => '', no_file => '');

	$upstream->control('ckan', maintenance => 1);
	($job, $error) = run_source($node, 'montreal');
	like($error, qr/not a table of records.*Le portail est en maintenance.*web page/s, 'a web page is called one');
	$upstream->control('ckan', maintenance => '');

	$upstream->control('ckan', search => '502', no_metadata => 1, inactive => 1, no_file => 1);
	($job, $error) = run_source($node, 'montreal');
	like($error, qr/404 to the request for the file/, 'a dump that is not there either');
	$upstream->control('ckan', search => '', no_metadata => '', inactive => '', no_file => '');
	$node->safe_psql('postgres', q{ALTER SYSTEM RESET ingest.max_retries});
	$node->safe_psql('postgres', q{SELECT pg_reload_conf()});
}

# a file that is cut
{
	forget('montreal');
	$upstream->control('ckan', inactive => 1, cut_csv => 1);
	my $job = run_it('montreal');
	is($job->{status}, 'partial', 'a file that was cut: partial');
	is($job->{nb_errors}, 1, 'the row that was cut is refused');
	is($job->{nb_withdrawn}, 0, 'and nothing is gone');
	same_lines($contents->(), $expected, 'a file that was cut: the listings are as they were');
	$upstream->control('ckan', inactive => '', cut_csv => '');
}

# -----------------------------------------------------------------------------
# An export that shrinks
# -----------------------------------------------------------------------------
{
	$node->safe_psql('postgres', q{UPDATE ingest.source SET config = config || '{"missing_runs": 1}' WHERE name = 'montreal'});
	forget('montreal');
	is(run_it('montreal')->{status}, 'no_change', 'a complete run knows how many rows there are');
	requested();

	for my $export (12, 13)
	{
		$upstream->control('ckan', share => 0.4, reloads => $export);
		my $job = run_it('montreal');
		is($job->{status}, 'partial', 'an export with 40 % of the rows is not believed');
		like(warnings_of($job), qr/the table has 120 records, after 300: more than max_shrink/, 'and the operator told');
		is($job->{nb_withdrawn}, 0, 'nothing is withdrawn');
		$job = run_it('montreal');
		is($job->{status}, 'partial', 'nor when the same export is read again');
		is(requested(), 'package_show datastore_search package_show datastore_search', 'it is read again each time');
	}

	$upstream->control('ckan', share => '', reloads => 14);
	my $job = run_it('montreal');
	is($job->{status}, 'no_change', 'the next export is whole again');
	is(warnings_of($job), '', 'and nothing is said of it');

	# a small loss is a loss
	my ($victim) = query_json($node, q{
		SELECT source_id AS id FROM ingest.listing WHERE source = 'montreal' AND source_id !~ '@' AND series_id IS NULL
		   AND starts_at > now() + interval '2 days' ORDER BY starts_at LIMIT 1});
	$upstream->control('remove', event => 1100000000000 + ($victim->{id} - 90000) * 1009);
	$job = run_it('montreal');
	is($job->{nb_withdrawn}, 1, 'a row that is gone from a whole export is withdrawn') or diag(explain($job));
	$upstream->control('restore', event => 1100000000000 + ($victim->{id} - 90000) * 1009);
	$job = run_it('montreal');
	is($job->{nb_updated}, 1, 'and comes back with it');

	# three small exports in a row are the truth
	for my $export (15 .. 17)
	{
		$upstream->control('ckan', share => 0.4, reloads => $export);
		$job = run_it('montreal');
	}
	like(warnings_of($job), qr/in 3 exports that it is taken as complete/, 'a table that stays small is believed in the end');
	run_it('montreal');
	$job = run_it('montreal');
	is($job->{status}, 'no_change', 'from then on it is the measure') or diag(explain($job));
	$upstream->control('reset');
}

# -----------------------------------------------------------------------------
# Cuts of our own making: the cursor speaks only of what is stored
# -----------------------------------------------------------------------------
{
	add_portal('few', 'montreal', { max_records => 50 });
	run_it('few') for 1 .. 2;
	is($node->safe_psql('postgres', q{SELECT cursor IS NULL FROM ingest.source_state WHERE source = 'few'}), 't',
		'max_records leaves no cursor');
	is(last_job($node, 'few')->{nb_fetched}, 50, 'and each run reads its share again');

	add_portal('secret', 'montreal');
	$upstream->control('ckan', private => 1);
	my ($job, $error) = run_source($node, 'secret');
	like($error, qr/403 Authorization Error/, 'a private dataset is refused');
	like($error, qr/key "apikey"/, 'and the hint says which credential');
	$node->safe_psql('postgres', q{SELECT ingest_set_credential('secret', 'apikey', 'demo-apikey')});
	is(run_it('secret')->{status}, 'success', 'with its key it is read');
	unlike($upstream->log . $node->safe_psql('postgres', q{SELECT jsonb_agg(j)::text FROM ingest.import_job j}),
		qr/demo-apikey/, 'which is nowhere to be read');
	$upstream->control('ckan', private => '');

	add_portal('verdun', 'montreal', { filters => { arrondissement => [ 'Verdun', 'Outremont' ] } });
	run_it('verdun');
	is($node->safe_psql('postgres', q{SELECT DISTINCT attributes->>'borough' FROM ingest.listing WHERE source = 'verdun'
		ORDER BY 1}), "Outremont\nVerdun", 'filters are the datastore\'s');
	forget('verdun');
	$upstream->control('ckan', inactive => 1);
	my $filtered = run_it('verdun');
	is(join(' ', map { $filtered->{$_} } qw(nb_created nb_updated nb_errors)), '0 0 0', 'and ours where there is none');
	cmp_ok($filtered->{skip_reasons}{filtered}, '>', 100, 'what they leave out is counted');
	$upstream->control('ckan', inactive => '');
}

# -----------------------------------------------------------------------------
# Another city, by a mapping alone: a JSON file, times in UTC without a Z
# -----------------------------------------------------------------------------
{
	my %laval = (
		package => 'calendrier-activites',
		mapping => {
			source_id => { template => '{/PageUrl}@{/EventDate}' },
			title => '/Title',
			description => { pointer => '/Excerpt', transform => 'html_to_text' },
			url => { template => 'https://www.laval.ca{/PageUrl}' },
			image_url => { template => 'https://www.laval.ca{/ImageUrl}' },
			starts_at => { pointer => '/EventDate', transform => { date => { timezone => 'UTC' } } },
			ends_at => { pointer => '/EndDate', transform => { date => { timezone => 'UTC' } } },
			timezone => { value => 'America/Toronto' },
			venue_name => '/Locations/0/Label',
			category => '/Subcategories/0/Label',
			tags => { pointer => '/Tags', transform => { each => '/Label' } },
		});
	add_portal('laval', 'ckan', \%laval);
	requested();
	my $job = run_it('laval');
	is($job->{status}, 'success', "Laval's shape by a mapping alone") or diag(explain($job));
	is($job->{nb_fetched}, $count / 3, 'all of its events');
	is($job->{nb_errors}, 0, 'none refused');
	is(requested(), 'package_show download', 'from the file: it is not in the datastore');

	my %starts = map { $_->{number} - 90000 => $_->{start} }
	  grep { defined } @{ $upstream->control('truth', feed => 'montreal')->{events} };
	my ($seen, $wrong) = (0, 0);
	for my $row (query_json($node, q{
		SELECT substring(source_id from '-(\d+)[.]aspx') AS index, category,
		       to_char(starts_at AT TIME ZONE timezone, 'YYYY-MM-DD"T"HH24:MI:SS') AS start, all_day
		  FROM ingest.listing WHERE source = 'laval'}))
	{
		# of a series only the first has its own number
		next if $row->{index} % 50 < 5;
		$seen++;
		$wrong++ if $row->{start} ne $starts{ $row->{index} } || $row->{all_day};
	}
	cmp_ok($seen, '>', 40, "$seen events of no series");
	is($wrong, 0, 'begin when they do');
	is(run_it('laval')->{status}, 'no_change', 'unchanged since');
	is(requested(), 'package_show', 'by one request');

	# the file's own validator, when last_modified is of no use
	$node->safe_psql('postgres', q{UPDATE ingest.source_state SET cursor = cursor - 'last_modified' WHERE source = 'laval'});
	$job = run_it('laval');
	is(counters($job), 'no_change 0 0 0 0 0', 'a file that answers 304');
	is(requested(), 'package_show download', 'was asked whether it has changed');

	my $failure = failure($node, q{SELECT ingest_add_source('bad', 'ckan', '{"mapping": {"titel": "/a", "title": 3}}')});
	like($failure->{text}, qr/"$_"/, "ckan: names $_") for 'resource_id', 'mapping.source_id', 'mapping.titel', 'mapping.title';
}

# -----------------------------------------------------------------------------
# What a person asks before
# -----------------------------------------------------------------------------
{
	my $steps = $node->safe_psql('postgres', q{SELECT string_agg(step || ' ' || ok, ', ') FROM ingest_check('montreal')});
	like($steps, qr/first page true, mapping true/, 'ingest_check reads the first page');
	is($node->safe_psql('postgres', q{SELECT count(*) > 0 FROM ingest_preview('montreal')}), 't', 'ingest_preview shows it');
	my $failure = failure($node, q{SELECT ingest_add_source('x', 'montreal',
		'{"filters": 3, "max_shrink": 140, "page_size": 0, "base_url": "x", "nothing": 1}')});
	is($failure->{sqlstate}, '22023', 'bad configuration');
	like($failure->{text}, qr/"$_"/, "names $_") for qw(filters max_shrink page_size base_url nothing);
	$failure = failure($node, q{SELECT ingest_add_source('x', 'montreal', '{"filters": {"a": {"lt": 3}}}')});
	like($failure->{text}, qr/"filters": expected columns with a value/, 'a filter that is an expression');
}

no_crash($node);
done_testing();
