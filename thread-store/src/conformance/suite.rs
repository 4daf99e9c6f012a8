//! The list of all promises, as a macro that makes a test of each.
//!
//! A promise that is not listed here is not checked: the suite's own test compares the list with the functions.

/// Makes one test per promise, each on a fresh fixture.
///
/// `$fixture` is an expression that makes a [`StoreFixture`](crate::conformance::StoreFixture); the calling crate needs
/// `tokio` with its macros.
///
/// ```ignore
/// codex_thread_store::store_conformance!(MyFixture::new());
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($fixture:expr) => {
        $crate::store_conformance! { @tests $fixture;
            attachments: [
                attachments_are_kept_by_identity,
                attachments_lead_to_their_threads,
                attachments_have_limits,
                attachments_go_with_their_thread,
            ],
            damage: [
                bad_lines_stop_nothing,
                ordinals_hide_nothing,
                rejected_lines_explain_a_gap,
                unreadable_times_hide_nothing,
                appended_lines_are_in_the_next_answer,
                a_torn_tail_waits_until_it_is_complete,
                a_last_line_without_newline_is_shown,
                replaced_files_are_read_as_they_are,
                a_late_header_counts,
                a_moved_file_is_listed_where_it_is,
            ],
            goals: [
                goals_are_kept_and_changed_member_by_member,
                goals_are_refused_without_changing_anything,
                goals_go_with_their_thread,
                goals_are_told_by_the_log_where_nothing_else_is_known,
            ],
            history_search: [
                what_was_done_is_found_by_its_kind,
                rebuilt_calls_are_found_whole,
                histories_are_found_as_they_are_seen,
                answers_are_ranked_paged_and_counted,
                appended_deeds_are_found_at_once,
            ],
            inherited: [
                what_a_fork_inherits_is_told_without_it,
                what_was_appended_last_is_inherited,
                the_use_of_tokens_is_inherited,
            ],
            items: [
                item_pages_hold_every_item_once,
                item_pages_start_at_every_anchor,
                unknown_turns_and_items_are_told_apart,
                named_items_come_in_stored_order,
                snapshots_replace_items_in_place,
                items_without_a_turn_are_listed,
                item_ids_belong_to_their_turn,
                the_exact_view_has_no_items_of_legacy_threads,
                legacy_reasoning_is_joined,
            ],
            legacy: [
                rollbacks_remove_the_newest_turns,
                ids_are_never_given_out_twice,
                both_kinds_of_ids_are_accepted,
                late_ends_find_their_turn,
                late_items_join_their_turn,
                calls_are_rebuilt_once,
                user_messages_begin_implicit_turns,
                raw_threads_are_read_by_their_response_items,
                a_user_event_ends_the_reading_of_raw_items,
                synthetic_ids_depend_on_the_bytes_alone,
            ],
            lifecycle: [
                forks_begin_with_the_history_up_to_the_cut,
                forks_of_forks_and_of_reverted_threads_read_in_full,
                forks_in_mid_turn_interrupt_the_turn,
                threads_without_records_can_be_forked,
                forks_inherit_names_and_settings,
                impossible_forks_leave_nothing,
                reverted_threads_go_on_behind_the_kept_prefix,
                open_threads_stay_open_when_reverted,
                archived_threads_come_back_as_they_were,
                open_threads_are_archived_whole,
                deleted_threads_are_gone_unless_they_are_needed,
                attached_forks_keep_their_source,
                threads_without_records_can_be_deleted,
                impossible_changes_make_no_files,
            ],
            lineage: [
                forks_show_the_prefix_that_they_inherit,
                forks_of_forks_page_across_segments,
                ordinals_name_places_along_a_lineage,
                reverted_threads_read_their_newest_revision,
                a_cut_inside_a_turn_leaves_it_open,
                a_fork_boundary_ends_the_inherited_turn,
                a_cut_between_snapshots_shows_the_earlier_one,
                a_cut_inside_a_line_hides_that_line,
                broken_lineages_are_errors_of_their_thread,
                archived_and_late_sources_are_found,
                copied_context_of_a_sub_agent_is_hidden,
                headers_of_other_threads_are_noticed,
            ],
            list: [
                lists_are_ordered_by_each_key,
                threads_of_one_millisecond_page_exactly_once,
                a_full_last_page_has_no_more,
                a_bare_time_is_a_strict_anchor,
                new_rows_do_not_shift_later_pages,
                the_newest_name_is_shown,
                previews_follow_the_first_user_text,
                long_previews_are_shown_whole,
                rows_follow_the_latest_settings,
                an_empty_store_lists_nothing,
            ],
            list_filters: [
                archived_threads_are_apart,
                providers_and_directories_match_whole,
                sources_are_filtered_by_kind,
                terms_and_exclusions_filter_rows,
                relatives_are_found_at_their_depth,
                relatives_need_no_preview,
                attached_forks_are_listed_where_asked_for,
                only_the_exact_view_hides_threads,
            ],
            occurrences: [
                occurrences_come_oldest_first,
                agent_texts_are_searched_as_rendered,
                only_final_and_partial_answers_are_searched,
                occurrences_follow_the_lineage,
                legacy_threads_have_occurrences_in_full,
                occurrences_lead_to_their_turn,
            ],
            projects: [
                projects_are_kept_in_their_order,
                projects_are_refused_without_changing_anything,
                a_request_makes_one_project,
                projects_come_and_go_with_their_threads,
                projects_page_by_place_and_by_recency,
                threads_are_listed_by_project,
                forks_inherit_the_daybreak_choice_alone,
            ],
            queue: [
                submissions_wait_in_order,
                submissions_are_changed_in_place,
                queues_refuse_what_they_cannot_hold,
                the_longest_submission_is_kept,
                queues_go_with_their_thread,
            ],
            read: [
                unknown_threads_are_not_found,
                a_read_holds_all_turns_or_none,
                a_read_says_what_the_list_says,
                archived_threads_are_read,
                a_thread_without_turns_is_empty,
                unreadable_headers_are_errors_of_their_thread,
                a_missing_header_hides_nothing_in_full,
                threads_are_found_by_what_people_type,
                turns_tell_how_they_ended,
                a_read_leaves_nothing_to_project,
            ],
            read_state: [
                the_first_unread_turn_stays,
                a_stale_revision_changes_nothing,
                a_removed_turn_is_not_unread,
                read_states_go_with_their_thread,
            ],
            recording: [
                a_thread_without_records_leaves_nothing,
                recorded_turns_are_read_back_under_the_ids_that_were_told,
                recorded_threads_are_listed_at_once,
                appended_records_are_in_lists_at_once,
                resumed_threads_continue_their_ordinals,
                threads_of_others_are_continued,
                a_second_writer_is_refused,
                an_open_turn_is_in_progress_while_there_is_a_writer,
                a_refused_batch_leaves_nothing,
                both_styles_of_agents_record_both_modes,
                metadata_is_known_at_once,
                a_model_context_holds_what_was_recorded,
                archived_threads_are_not_continued,
                the_exact_view_is_told_its_own_ids,
                a_dropped_thread_gives_its_lock_back,
                a_resumed_thread_recalls_its_use_of_tokens,
            ],
            search: [
                messages_are_found_literally,
                only_messages_are_found,
                the_full_view_finds_visible_text_only,
                forks_are_found_by_what_they_inherit,
                reverted_text_is_not_found,
                raw_threads_are_found_in_full,
                appended_text_is_found_at_once,
                pages_of_hits_hold_every_thread_once,
                archived_hits_are_apart,
            ],
            sections: [
                sections_are_kept_and_one_is_always_there,
                sections_are_refused_without_changing_anything,
                threads_stand_in_a_section_in_their_order,
                a_section_has_room_for_ever,
                threads_leave_a_section_that_goes,
                sections_show_threads_that_wait,
                members_go_with_their_thread,
            ],
            timeline: [
                timeline_pages_hold_every_entry_once,
                timelines_end_before_a_bare_ordinal,
                timelines_grow_at_their_end,
                ends_tell_how_turns_ended,
            ],
            trash: [
                threads_come_back_from_the_trash_as_they_were,
                deletions_are_listed_and_undone_one_by_one,
                nothing_comes_back_over_something_else,
                an_emptied_trash_keeps_nothing,
                open_threads_go_into_the_trash_whole,
            ],
            turns: [
                turn_pages_hold_every_turn_once,
                turn_pages_start_at_every_anchor,
                anchors_need_not_be_turns,
                new_turns_do_not_shift_pages,
                paginated_summaries_show_the_final_answer,
                legacy_summaries_show_the_last_agent_message,
                turns_carry_as_many_items_as_asked_for,
                ended_paginated_turns_do_not_change,
            ],
            writer_keys: [
                handles_that_are_out_of_date_touch_no_newer_writer,
                handles_that_are_out_of_date_open_the_thread_anew,
                handles_of_reverted_threads_close_them,
                live_threads_revert_themselves,
            ],
        }
    };
    (@tests $fixture:expr; $($module:ident: [$($promise:ident,)*],)*) => {
        $(
            mod $module {
                #[allow(unused_imports, reason = "the fixture may be named by its whole path")]
                use super::*;
                $(
                    #[::tokio::test]
                    async fn $promise() {
                        let fixture = $fixture;
                        $crate::conformance::$module::$promise(&fixture).await;
                    }
                )*
            }
        )*
    };
}
